class SdModelData:
    def __init__(self):
        self.sd_model = None


model_data = SdModelData()


def send_model_to_cpu(m):
    m.device = "cpu"


def send_model_to_device(m):
    m.device = "cuda"
