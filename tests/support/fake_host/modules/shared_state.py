class State:
    skipped = False
    interrupted = False
    stopping_generation = False
    job = ""
    job_no = 0
    job_count = 0
    sampling_step = 0
    sampling_steps = 0
    current_image = None
    textinfo = None
    time_start = None

    def __init__(self):
        self.history = []

    def interrupt(self):
        self.interrupted = True

    def begin(self, job="(unknown)"):
        self.history.append(("begin", job))
        self.job, self.job_count, self.job_no = job, -1, 0
        self.sampling_step = self.sampling_steps = 0
        self.skipped = self.interrupted = self.stopping_generation = False
        self.textinfo = self.current_image = None

    def end(self):
        self.history.append(("end", self.job))
        self.job, self.job_count = "", 0

    def assign_current_image(self, image):
        self.current_image = image
