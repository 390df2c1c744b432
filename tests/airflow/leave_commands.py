"""Run by Airflow's Python: a task whose command is at work when something happens to the task.

`leave_commands.py FOLDER WAY`: the command is FOLDER/campuslake. WAY is `push` (Airflow does not
take what the task pushes), `stop` (the task is told to stop), `answer` (a short command takes too
long) or `killed` (the task waits for whoever kills it).
"""

import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import campus_flow.command
from campus_flow.operator import CampuslakeOperator

FOLDER, WAY = Path(sys.argv[1]), sys.argv[2]

campus_flow.command.BIN = FOLDER
campus_flow.command.ANSWER_SECONDS = 1
if WAY == "answer":
    campus_flow.command.answer(("campuslake", "notify"))
task = CampuslakeOperator(task_id="build", command=["campuslake"])
ti = Mock()
if WAY == "push":
    ti.xcom_push.side_effect = RuntimeError("Airflow does not answer")
if WAY == "stop":
    threading.Timer(2, task.on_kill).start()
task.execute({"ti": ti})
