"""Where gateways report. They are known by their signatures, which are over the bytes as they came."""

from datetime import datetime

from suwen.core.house import House
from suwen.core.web.answers import Told
from suwen.core.web.plan import Letter
from suwen.core.web.routes import ANYONE, post, routes_of
from suwen.payments import service

MOST_A_MINUTE = 3000  # a gateway reports from few addresses; this is for whoever knocks without end


@post("/api/v1/payments/{gateway:str}/notifications", who=ANYONE, raw=True)
def notify(house: House, now: datetime, gateway: str, letter: Letter) -> Told:
    house.limiter.hit(f"report from {letter.ip}", MOST_A_MINUTE, 60)
    status, body = service.receive_report(house.db, gateway, letter.headers, letter.body, now)
    return Told(status, body, "application/json" if body.startswith(b"{") else "text/plain")


ROUTES = routes_of(notify)
