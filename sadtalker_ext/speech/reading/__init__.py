"""Reading English text: from what is written to the words that are said."""
