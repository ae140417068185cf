"""The rules, one file each. A rule judges events and knows nothing of syntax trees."""
