"""Names of 学段 as Chinese catalogues write them, for people who read LOM and Dublin Core."""

from __future__ import annotations

STAGES = {"primary": "小学", "junior": "初中", "senior": "高中"}
STAGE_SOURCE = "学段"
SUBJECT_SOURCE = "学科"
TEXTBOOK_SOURCE = "教材目录"  # 版本, 册, 章节
REPOSITORY_NAME = "同课资源库"
