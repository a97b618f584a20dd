device = "cpu"
collected = []


def get_device_for(task):
    return device


def torch_gc():
    collected.append(True)
