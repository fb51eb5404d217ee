"""Instructors have all of nbgrader, but for the list of courses: there is one course."""

c = get_config()  # noqa: F821 (Jupyter defines it)

c.ServerApp.jpserver_extensions = {"nbgrader.server_extensions.course_list": False}
