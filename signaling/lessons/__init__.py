"""One lesson's life: scheduled, live, ended, cancelled."""
