"""Web processes forward what belongs to a lesson's cell, and cells let in nobody else."""
