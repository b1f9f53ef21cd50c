"""Stage 2, who reads it: subscriber, list, subscription, suppression, and the import of recipients."""
