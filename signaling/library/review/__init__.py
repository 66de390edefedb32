"""审核: the queue, the verdicts, and how many levels an org node asks for."""
