"""角色权限: roles that people hold in branches of the org tree, given and taken back."""
