"""Many players of one published lesson behind nginx: who is asked, and who sends the bytes?"""
