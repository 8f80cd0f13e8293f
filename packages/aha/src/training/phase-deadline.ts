/** The deadline that every phase of a run has. */

/** No phase may take longer without the watchdog saying so. */
export const PHASE_DEADLINE_SECONDS = 3600;
