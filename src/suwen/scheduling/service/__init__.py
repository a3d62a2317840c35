"""What can be done about hours, slots and appointments, one module for each use.

The API, the pages, the sockets and the jobs all come through here.
"""
