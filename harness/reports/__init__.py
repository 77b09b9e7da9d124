"""Reports: functions from verdicts to what people or programs read."""
