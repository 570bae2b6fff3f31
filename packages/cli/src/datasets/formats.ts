import { type DataSet, type DatasetFormat, FORMATS, openDataSet } from "@inctrl/datasets";
import { procedural } from "@inctrl/synth";

/** Every format of data sets that the command takes. */
export const DATA_FORMATS: readonly DatasetFormat[] = [...FORMATS, procedural];

/** Opens a data set as it is named on the command line. */
export const openData = (spec: string): Promise<DataSet> => openDataSet(spec, DATA_FORMATS);
