// Hybi: HTTP that talks back. Includes the whole front door.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>
#include <hybi/http.h>
#include <hybi/limits.h>
#include <hybi/middleware.h>
#include <hybi/result.h>
#include <hybi/server.h>
#include <hybi/websocket.h>
