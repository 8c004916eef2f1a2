"""`torch.cuda`, where there is none: this package works on the CPU."""


def is_available():
    return False


def device_count():
    return 0
