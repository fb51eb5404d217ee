"""JupyterHub for one class on one server. notebooks/guides/classroom.md says how to set it up.

Everything of the classroom lies in one folder, and this file finds its place in it:

    python/     the Python environment that all users share, with the programs
    hub/        this file and the settings for students and instructors
    exchange/   where nbgrader passes assignments, submissions and feedback
    state/      the hub's own database and secret, for root alone
"""

import grp
import os
import sys
from pathlib import Path

HUB = Path(__file__).resolve().parent
STATE = HUB.parent / "state"
PROGRAMS = Path(sys.prefix) / "bin"
INSTRUCTORS, STUDENTS = "instructors", "students"  # groups of the system

c = get_config()  # noqa: F821 (JupyterHub defines it)

# ---- who: accounts of this system, with their passwords, if they are in one of the two groups -----------

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {INSTRUCTORS, STUDENTS}

# ---- where: only this machine may connect; a web server with a certificate stands in front ----------------

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{STATE}/cookie_secret"
c.ConfigurableHTTPProxy.command = [str(PROGRAMS / "configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = f"{STATE}/proxy.pid"

# ---- what everybody gets: a JupyterLab that runs as that user, with nothing but that user's rights -------


def settings(spawner):
    """The folders with the settings of a user, the most special one first."""
    instructors = grp.getgrnam(INSTRUCTORS).gr_mem
    role = "instructor" if spawner.user.name in instructors else "student"
    return os.pathsep.join([str(HUB / role), str(HUB / "everyone")])


c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120  # a whole class starts at the same minute
c.Spawner.environment = {
    "JUPYTER_CONFIG_PATH": settings,
    # nbgrader starts programs that stand beside Python
    "PATH": os.pathsep.join([str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"]),
}

# JupyterHub forbids frames, so the formgrader can't open inside JupyterLab. It has an address of its own.
c.JupyterHub.template_vars = {
    "announcement_home": 'Instructors: the <a href="/hub/user-redirect/formgrader/">formgrader</a> '
    "opens in a tab of its own."
}
