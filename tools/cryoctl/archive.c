#include "cryoctl.h"
