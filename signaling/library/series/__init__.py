"""专题 / 课程: published resources in an order, with a title and an introduction."""
