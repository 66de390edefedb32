"""Films: one MP4 file of a recording, whose picture follows stage and courseware; made by a job."""
