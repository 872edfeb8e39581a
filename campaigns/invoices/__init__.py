"""Invoices and credit notes once they are issued: their words, their files, and what settles them.

They are issued as a month closes (payouts/invoicing.py). What leaves the house is rendered once and served
from its row (files.py); what is received is allocated to the open ones (settling.py).
"""
