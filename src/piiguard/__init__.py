"""piiguard: are a Forge vendor's published privacy promises true of the code?"""

__version__ = "0.1.0"
