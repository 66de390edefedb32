"""The processes of the installation: which run, how full they are, and draining one of them."""
