"""资源推送: published resources that a lesson carries, and what its rooms played of them."""
