"""The mouth of the puppet: lips, teeth, and what lies between them."""
