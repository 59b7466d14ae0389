"""How long CloudWatch keeps logs. Pure."""

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def days(asked: int) -> int:
    """The shortest time that CloudWatch offers and that is no shorter than asked."""
    return next((offered for offered in _DAYS if offered >= asked), _DAYS[-1])
