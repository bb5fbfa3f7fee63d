"""Every kind of server, behind one contract."""
