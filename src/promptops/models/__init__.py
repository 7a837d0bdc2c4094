"""Who answers: litellm, and the models that run inside this process."""
