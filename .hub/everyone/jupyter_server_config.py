"""Servers and kernels that nobody uses end by themselves, so that a class fits on a small machine."""

c = get_config()  # noqa: F821 (Jupyter defines it)

c.MappingKernelManager.cull_idle_timeout = 3600  # seconds; only when the browser tab is closed
c.ServerApp.shutdown_no_activity_timeout = 2 * 3600
