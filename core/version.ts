/** The version of this toolkit, as it stands in recipes and in videos. */
export const VERSION = "0.1.0";
