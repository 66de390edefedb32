"""`classroom.api` between processes: web processes ask cells about their live rooms."""
