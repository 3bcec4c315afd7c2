/** The page's script and style. The build makes this module of page/ and style/: `.ci/report-page.mjs`. */
export declare const script: string;
export declare const style: string;
/** Their digests, as a Content-Security-Policy names them. */
export declare const scriptHash: string;
export declare const styleHash: string;
