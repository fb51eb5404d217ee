"""Students fetch, validate and submit. What they may not see is kept by the rights of files, not by this."""

c = get_config()  # noqa: F821 (Jupyter defines it)

c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.course_list": False,
}
