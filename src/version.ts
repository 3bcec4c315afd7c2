/** This package's version; a test holds it equal to package.json's, which a browser cannot read. */
export const version = '0.1.0';
