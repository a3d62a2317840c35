from suwen.core.errors import Invalid


class UnknownType(Invalid):
    code, title = "unknown_notification_type", "There is no such kind of message."
