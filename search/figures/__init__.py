"""Figures of a study: each one's data, its drawing for print, its plots for a browser.

One file a figure. `registry.FIGURES` has them in reading order.
"""
