"""The relay: forwards media from sources to slots; knows neither HTTP nor roles."""
