// What is hot: every loop that a picture passes through, for each kind of processor.
#ifndef C_KERNELS_H
#define C_KERNELS_H

#include "BlockSearch.h"
#include "Depthwise.h"
#include "InstructionSets.h"
#include "Pause.h"
#include "Products.h"
#include "TrellisSearch.h"
#include "VectorMath.h"

#endif
