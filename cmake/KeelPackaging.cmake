# CPack DEB lives here.
