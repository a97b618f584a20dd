from collections import OrderedDict

current_task = None
pending_tasks = OrderedDict()
finished_tasks = []
recorded_results = []


def start_task(id_task):
    global current_task  # noqa: PLW0603  as the host does
    current_task = id_task
    pending_tasks.pop(id_task, None)


def finish_task(id_task):
    global current_task  # noqa: PLW0603  as the host does
    if current_task == id_task:
        current_task = None
    finished_tasks.append(id_task)


def create_task_id(task_type):
    return f"task({task_type}-{len(finished_tasks):07})"


def record_results(id_task, res):
    recorded_results.append((id_task, res))


def add_task_to_queue(id_job):
    pending_tasks[id_job] = 0.0
