"""The use cases, one a file: options in, a result out.  Nothing here prints."""
