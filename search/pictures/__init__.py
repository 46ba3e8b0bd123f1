"""Pictures that a study and a rerun leave: PNG files for a screen and for print."""
