"""推荐上级: from a school to its county, city, province and the country."""
