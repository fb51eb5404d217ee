"""What an instructor looks at after grading: feedback, the report, files for other programs."""
