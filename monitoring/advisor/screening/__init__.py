"""The first look at news: does a headline speak against a position that we hold?"""
