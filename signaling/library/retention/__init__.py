"""保存期限, 法定保留 and deletion of resources."""
