"""The way in: the streams of one publishing session, their arrival, repair and clocks."""
