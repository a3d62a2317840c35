"""Passwords that everybody would try first, in lower case. The rule also meets them with digits or signs at the end."""

INTERNATIONAL = """
password passwort passw0rd p@ssword p@ssw0rd pa55word pa$$word passwords mypassword yourpassword newpassword oldpassword
mypass motdepasse contrasena senha parola letmein letmeinnow welcome welcomehome administrator administrateur superuser
superman superstar sunshine princess football baseball basketball volleyball softball iloveyou iloveu ilovegod iloveme
trustno1 whatever starwars dragon dragonball monkey master shadow michael michelle jennifer jessica charlie jordan
jordan23 liverpool chelsea arsenal barcelona realmadrid manchester juventus internet computer samsung samsung1 nintendo
pokemon pikachu minecraft counterstrike playstation xboxlive mercedes porsche ferrari mustang corvette chocolate
butterfly blessed1 blessing jesuschrist jesus123 godisgood heaven angel angels angel123 babygirl babyboy lovely lovelove
loveyou lovers loveme forever friends bestfriend family mother father daddy mommy sister brother summer winter autumn
spring flower flowers rainbow purple orange yellow silver golden diamond elephant tiger panther phoenix
qwerty qwertyui qwertz azerty qwert12345 qwerty12 asdf1234 asdfasdf zxcvbnm1 zaq12wsx zaq1zaq1 xsw21qaz 1qazxsw2
1q2w3e4r 1q2w3e4r5t q1w2e3r4 qweasd qweasdzxc qweasdzxc123 qwe123 qwe12345 asd12345 zxc12345 qwer1234 asdf12345
a1b2c3d4 a1234567 a12345678 a123456789 aa123456 aa12345678 abc123 abcd1234 abc12345 abc123456 abcdefg1 abcdefgh
aaa111 aaaa1111 a1a1a1a1 1234qwer 123qweasd 123qwe123 12345qwert 12345678a 123456789a 123456aa 123456ab 123456abc
123abc123 123456qq 1234567q 1234abcd 12341234 12344321 123321123 123454321 12345654321 123123123 123456123 1233211234567
11223344 1122334455 112233445566 10203040 11111111 00000000 88888888 66666666 99999999 55555555 77777777 22222222
147852369 159357258 159753456 789456123 741852963 963852741 987654321 9876543210 0987654321 87654321 31415926 27182818
access accounting admin admin123 admin888 adminadmin administrador changeme changeit default demo demodemo guest
guestguest login master123 manager manager1 office operator oracle oracle123 postgres root root1234 rootroot secret
security server service support system sysadmin temp temporary test test1234 testing testtest tester trial user username
useruser user1234 veronica victoria alexander alexandra alexandria anthony benjamin brandon cameron catherine christian
christine christopher danielle elizabeth fernando francisco gabriel gabriela isabella jackson jonathan joshua katherine
lauren leonardo margaret maria123 matthew melissa natalie natasha nicholas patricia patrick rebecca richard robert
samantha sebastian stephanie steven thomas valentina vanessa vincent william hello hello123 helloworld hellohello
goodluck goodbye
nothing something anything everything thankyou whoknows dontknow idontknow secret123 private clinic clinic123
hospital hospital1 doctor doctor123 doctors nurse nurse123 patient patient1 patients pharmacy pharmacist medicine
medical medical1 health health123 healthcare telemedicine suwen suwen123
"""
CHINESE = """
woaini woaini520 woaini521 woaini1314 woaini5201314 5201314 52013140 5201314520 521521521 520520520 1314520 13145200
13141314 woaiwojia woaimama woaibaba woaiziji woaizhongguo woaiwoziji wodemima mima1234 mimamima nihao nihao123 nihaoma
nihaonihao ni hao zhongguo zhongguo123 china china123 beijing beijing2008 shanghai guangzhou shenzhen hangzhou chengdu
wuhan nanjing tianjin chongqing hongkong taiwan taobao taobao123 alibaba zhifubao weixin weixin123 wechat wechat123
tencent baidu baidu123 huawei huawei123 xiaomi xiaomi123 jingdong douyin wangyi qq123456 qq123123 qq1234567 qqqq1111
qazwsx qazwsxedc caonima caonima123 tianshi tiantang tianya xiaoxiao xiaobao baobao baobei baobei123 gongxi facai
gongxifacai wangwei wangfang wangjing wangyang wanglei zhangwei zhangli zhangjing zhanglei zhangyan zhangmin liwei lina
lijing liyang liuwei liuyang liufang chenwei chenjing chenchen yangyang huanghuang zhaowei zhoujielun jay123456
longlong feifei lingling jingjing nana1234 mingming lanlan dandan honghong wenwen weiwei yuanyuan yingying tingting
18181818 16816888 168168168 16888888 88888888a 8888888a 888888aa 66668888 88886666 86868686 98989898 518518518
51885188 1688168 5845201314 584520 584131 7758521 7758258 7758521520 77585217 3344520 33445200 1357924680 135792468
13572468 24681357 246813579 1472583690 1478963 147896325 14789632 zxcvbnm123 asdfghjkl123 qwertyuiop123 wozuiai
wozuishuai wozuibang shengrikuaile kuaile kuaile123 xingfu xingfu123 pingan pingan123 jiankang jiankang123 yisheng
yisheng123 huanzhe zhongyi zhongyi123 yiyuan yiyuan123 suwen素问
我爱你 我爱你一万年 中国加油 密码 密码密码 一二三四五六七八
"""
KNOWN = frozenset(INTERNATIONAL.split()) | frozenset(CHINESE.split())
