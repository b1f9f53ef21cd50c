"""Stage 6: what people answer finds its way to the contact mailbox, and their answers back.

replies    who asked what, in which thread (threads), and how long it has been waiting (waiting)
forward    to whom it goes (routing) and how: as it came (unchanged), or in a letter of ours (wrapped, seven_bit)
"""
