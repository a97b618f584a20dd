from modules import fifo_lock, progress, shared  # noqa: TID251  this is the fake

queue_lock = fifo_lock.FIFOLock()


def wrap_gradio_gpu_call(func, extra_outputs=None):
    def f(*args):
        task = args[0]
        progress.add_task_to_queue(task)
        with queue_lock:
            shared.state.begin(job=task)
            progress.start_task(task)
            try:
                results = list(func(*args))
                progress.record_results(task, results)
            except Exception as error:  # noqa: BLE001  as the host does
                results = [*(extra_outputs or [None, ""]), f"<div class='error'>{error}</div>"]
            finally:
                progress.finish_task(task)
            shared.state.end()
        results[-1] += "<div class='performance'></div>"
        return tuple(results)

    return f
